import { once } from 'node:events'
import type { Interface } from 'node:readline/promises'
import type { Context } from '../context.ts'
import { Interruption } from '../interruption.ts'
import { carryOut, formatPlan } from '../schedule/carry-out.ts'
import type { RunProgram } from '../schedule/run-program.ts'
import type { Plan } from '../schedule/scheduler.ts'
import { formatWords } from '../shell-words.ts'
import { visible } from '../terminal/visible.ts'

export interface Meant {
  readonly title: string
  readonly plan: Plan
  readonly isMeant: boolean
  /** Called when all was shown: throws for a plan that may not be carried out. */
  readonly check?: () => void
}

/** Shows a plan, and carries it out where that is meant: by a flag, or by a yes on a terminal. Tells whether it was. */
export async function carryOutIfMeant(
  { title, plan, isMeant, check }: Meant,
  run: RunProgram,
  context: Context,
): Promise<boolean> {
  const { stdout, stderr } = context
  const text = `${title}\n${formatPlan(plan, formatWords)}`
  stdout.write(`${text.split('\n').map(visible).join('\n')}`)
  for (const hint of plan.hints) stderr.write(`${visible(hint)}\n`)
  check?.()
  if (!isMeant && !(await isAgreed(context))) {
    stdout.write('nothing was changed; with --yes it is\n')
    return false
  }
  await carryOut(plan, run)
  return true
}

async function isAgreed({ stdin, stderr, signal }: Context): Promise<boolean> {
  if (!stdin.isTTY) return false
  const { createInterface } = await import('node:readline/promises')
  const questions = createInterface({ input: stdin, output: stderr })
  try {
    return /^y(es)?$/i.test((await answerTo('Do it? [y/N] ', questions, signal)).trim())
  } finally {
    questions.close()
  }
}

/** On a terminal it is readline that hears of a Ctrl-C, and of an end of the input (Ctrl-D), which is no yes. */
async function answerTo(question: string, questions: Interface, signal: AbortSignal): Promise<string> {
  const stopping = new AbortController()
  questions.on('SIGINT', () => stopping.abort(new Interruption('SIGINT')))
  const either = AbortSignal.any([signal, stopping.signal])
  const ended = once(questions, 'close').then(() => '')
  try {
    return await Promise.race([questions.question(question, { signal: either }), ended])
  } catch {
    either.throwIfAborted()
    return ''
  }
}
