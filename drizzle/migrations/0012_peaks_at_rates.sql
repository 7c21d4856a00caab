ALTER TABLE "stems" ADD COLUMN "peaks10" bytea NOT NULL DEFAULT '';--> statement-breakpoint
ALTER TABLE "stems" ADD COLUMN "peaks1" bytea NOT NULL DEFAULT '';--> statement-breakpoint
-- The least and the greatest of each ten, and of each hundred pairs. A byte above 127 is negative.
UPDATE "stems" SET
  "peaks10" = (
    SELECT coalesce(string_agg(set_byte(set_byte('\x0000'::bytea, 0, low & 255), 1, high & 255), '' ORDER BY at), '')
    FROM (
      SELECT i / 10 AS at, min((get_byte("peaks", 2 * i) # 128) - 128) AS low,
        max((get_byte("peaks", 2 * i + 1) # 128) - 128) AS high
      FROM generate_series(0, octet_length("peaks") / 2 - 1) i GROUP BY 1
    ) groups
  ),
  "peaks1" = (
    SELECT coalesce(string_agg(set_byte(set_byte('\x0000'::bytea, 0, low & 255), 1, high & 255), '' ORDER BY at), '')
    FROM (
      SELECT i / 100 AS at, min((get_byte("peaks", 2 * i) # 128) - 128) AS low,
        max((get_byte("peaks", 2 * i + 1) # 128) - 128) AS high
      FROM generate_series(0, octet_length("peaks") / 2 - 1) i GROUP BY 1
    ) groups
  );--> statement-breakpoint
ALTER TABLE "stems" ALTER COLUMN "peaks10" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "stems" ALTER COLUMN "peaks1" DROP DEFAULT;
