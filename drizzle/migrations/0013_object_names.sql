CREATE INDEX "mixes_aac_object_idx" ON "mixes" USING btree (("packs"->'aac'->>'objectKey'));--> statement-breakpoint
CREATE INDEX "mixes_opus_object_idx" ON "mixes" USING btree (("packs"->'opus'->>'objectKey'));--> statement-breakpoint
CREATE INDEX "stems_object_idx" ON "stems" USING btree ("object_key");