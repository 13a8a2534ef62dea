import * as z from 'zod'

/**
 * The `sub` of the signed-in user. It starts every object key and every record, so it may hold no separator
 * and no dot: one owner's prefix can never be another's.
 */
export const ownerSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'an owner is 1 to 64 letters, digits, hyphens or underscores')
  .brand('Owner')
export type Owner = z.infer<typeof ownerSchema>
