import * as z from 'zod'

/** The body of every answer of the API that is not 2xx. */
export const apiErrorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) })
export type ApiError = z.infer<typeof apiErrorSchema>
