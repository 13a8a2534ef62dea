import * as z from 'zod'

const actionsSchema = z
  .string()
  .transform((text) => text.split(/,\s*/))
  .pipe(z.array(z.string().regex(/^[a-z0-9]+:[A-Za-z]+$/)))

const cellsSchema = z
  .tuple([z.string().min(1), z.enum(['may', 'may not']), z.string().min(1), actionsSchema])
  .rest(z.string())
  .transform(([who, may, where, actions, how = '']) =>
    actions.map((action) => {
      const title = [who, may, action, where, how].join(' ').trim()
      return { title, who, decision: decisions[may], action, where, how }
    }),
  )

const decisions = { may: 'allowed', 'may not': 'denied' } as const

/** Who may, or may not, do what, where, and how. */
export type PromisedDecision = z.infer<typeof cellsSchema>[number]

export interface PromiseSection {
  readonly heading: string
  readonly rows: readonly PromisedDecision[]
}

/** A table as text: lines with `|` are rows, of one or more actions, the others headings above them. */
export function parsePromises(text: string): readonly PromiseSection[] {
  const sections: { heading: string; rows: PromisedDecision[] }[] = []
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line === '') continue
    if (line.includes('|')) sections.at(-1)?.rows.push(...cellsSchema.parse(line.split('|').map((cell) => cell.trim())))
    else sections.push({ heading: line, rows: [] })
  }
  return sections
}
