import * as z from 'zod'

/** The profile that is used where none is named. */
export const defaultProfileName = 'default'

/** It becomes a file's name, also on systems that do not tell `A` from `a`. */
export const profileNameSchema = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/)
