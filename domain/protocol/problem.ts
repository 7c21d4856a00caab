// The one error body of our HTTP interface.
import * as v from 'valibot';

export const problemCodes = [
  'bad_request',
  'unauthenticated',
  'forbidden',
  'not_found',
  'conflict',
  'published_otherwise',
  'too_large',
  'does_not_outlast_parent',
  'path_too_long',
  'parent_not_ready',
  'parent_unusable',
  'upload_unknown',
  'upload_incomplete',
  'checksum_mismatch',
  'too_many_requests',
  'unavailable',
  'internal',
] as const;

export const problemSchema = v.object({
  error: v.object({
    code: v.picklist(problemCodes),
    /** One sentence for a person: what happened, what is safe, what to do. */
    message: v.string(),
    /** Present with `does_not_outlast_parent`: how many seconds more the take would need. */
    missingSeconds: v.optional(v.number()),
    /** Reference of this failure in the server's log. */
    ref: v.optional(v.string()),
  }),
});
export type ProblemBody = v.InferOutput<typeof problemSchema>;
export type ProblemCode = (typeof problemCodes)[number];

/** HTTP status of each code. */
export const problemStatus: Record<ProblemCode, number> = {
  bad_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  published_otherwise: 409,
  too_large: 413,
  does_not_outlast_parent: 422,
  path_too_long: 422,
  parent_not_ready: 409,
  parent_unusable: 409,
  upload_unknown: 404,
  upload_incomplete: 409,
  checksum_mismatch: 422,
  too_many_requests: 429,
  unavailable: 503,
  internal: 500,
};

/** A refusal that the person who asked is told about. Everything else is an `internal` fault. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly missingSeconds: number | undefined;

  constructor(
    code: ProblemCode,
    message: string,
    extra: { missingSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: extra.cause });
    this.code = code;
    this.missingSeconds = extra.missingSeconds;
  }

  get status(): number {
    return problemStatus[this.code];
  }

  toBody(ref?: string): ProblemBody {
    return {
      error: {
        code: this.code,
        message: this.message,
        ...(this.missingSeconds !== undefined && { missingSeconds: this.missingSeconds }),
        ...(ref !== undefined && { ref }),
      },
    };
  }
}
