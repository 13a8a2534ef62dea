import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { makeFolder } from '../make-folder.ts'
import { writeDurably } from '../session/write-durably.ts'
import type { RunProgram } from './run-program.ts'
import type { Plan, Step } from './scheduler.ts'

/** Does what a plan says, in its order. Throws a `UserError` where the system refuses; what was done until then stays. */
export async function carryOut({ steps }: Plan, run: RunProgram): Promise<void> {
  for (const step of steps) await carryOutStep(step, run)
}

async function carryOutStep(step: Step, run: RunProgram): Promise<void> {
  switch (step.kind) {
    case 'write':
      await makeFolder(dirname(step.path))
      // Private: the address of a monitor may be in it.
      return await writeDurably(step.path, step.text)
    case 'delete':
      return await rm(step.path, { force: true })
    case 'run': {
      const { exitCode, stderr } = await run(step.command, step.input?.text)
      if (exitCode === 0 || step.mayFail) return
      const why = stderr.trim().split('\n').at(-1) || `exit code ${exitCode}`
      throw new UserError(`${step.command.join(' ')} failed: ${why}`, {
        exitCode: exitCodes.usage,
        hint: 'mend that and run the same command again; photos schedule remove takes away what was done',
      })
    }
  }
}

/** All that a plan would do, for people: files with their text, and commands as they may be typed. */
export function formatPlan({ steps, replaced }: Plan, formatCommand: (words: readonly string[]) => string): string {
  const gone = replaced === undefined ? '' : `in the place of what stands there now:\n${indented(replaced.text)}`
  return `${gone}${steps.map((step) => formatStep(step, formatCommand)).join('')}`
}

function formatStep(step: Step, formatCommand: (words: readonly string[]) => string): string {
  switch (step.kind) {
    case 'write':
      return `write ${step.path}:\n${indented(step.shown ?? step.text)}`
    case 'delete':
      return `delete ${step.path}\n`
    case 'run':
      return `run ${formatCommand(step.command)}${step.input === undefined ? '\n' : `, with ${indented(step.input.shown).trimStart()}`}`
  }
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ')
}
