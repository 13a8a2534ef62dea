import type { Context, Output } from '../context.ts'
import type { DeviceCodeShown } from '../session/device-flow.ts'
import { formatLarge, largeCodeColumns } from './large-letters.ts'
import { visible } from './visible.ts'
import { wrapFor } from './wrap.ts'

/*
 * What a person sees who signs in on a machine without a browser:
 * - The code and the link stand alone on their lines, to be read from afar, selected by a double click, tapped on a phone.
 *   Neither is ever broken, however long the name of the host.
 * - They come last, so that they stay in sight; the QR code is above them, and only where all of it fits.
 * - That the codes have to be the same is said in every form: it is what keeps a stranger's device out.
 * - Where no person may be watching (no terminal), the same words come without drawings.
 */

const indent = '  '

/** Shows where to approve a sign-in, and with which code. */
export async function showDeviceCode(code: DeviceCodeShown, host: string, context: Context): Promise<void> {
  const { stderr } = context
  const canDraw = stderr.isTTY === true && context.environment['TERM'] !== 'dumb'
  const qrCode = canDraw ? await drawQrCode(code, stderr) : undefined
  const large = canDraw && fits(stderr) ? formatLarge(code.userCode) : undefined
  const forms = formsOf(code, visible(host), qrCode, large).map((lines) => fold(lines, stderr))
  const form = forms.find((lines) => heightOf(lines, stderr) < (stderr.rows ?? Number.POSITIVE_INFINITY)) ?? forms.at(-1)
  stderr.write(`${form?.join('\n')}\n`)
}

type Lines = readonly string[]

/** The best first; one that does not fit is of no use, since it scrolls out of sight. */
function formsOf(code: DeviceCodeShown, host: string, qrCode: Lines | undefined, large: Lines | undefined): readonly Lines[] {
  const words = [roomyText(code, host, {}), tightText(code, {})]
  const largeWords = large ? [roomyText(code, host, { large }), tightText(code, { large })] : []
  const drawn = qrCode
    ? [roomyText(code, host, { qrCode, large }), tightText(code, { qrCode, large }), tightText(code, { qrCode })]
    : []
  return [...drawn, ...largeWords, ...words]
}

/** What is indented stays as it is: the link and the code. */
function fold(lines: Lines, stderr: Output): Lines {
  return lines.flatMap((line) => (line.startsWith(indent) ? [line] : wrapFor(stderr, line).split('\n')))
}

/** How many rows the terminal makes of it. */
function heightOf(lines: Lines, { columns = 80 }: Output): number {
  return lines.reduce((rows, line) => rows + Math.max(1, Math.ceil([...line].length / columns)), 0)
}

function fits({ columns = 80 }: Output): boolean {
  return columns > largeCodeColumns + indent.length
}

/** Undefined where it would not fit, whatever comes with it. */
async function drawQrCode({ verificationUriComplete }: DeviceCodeShown, { columns = 80 }: Output): Promise<Lines | undefined> {
  if (verificationUriComplete === undefined || verificationUriComplete.length > longestQrText) return undefined
  const { renderUnicodeCompact } = await import('uqr')
  const lines = renderUnicodeCompact(verificationUriComplete, { border: 1 }).split('\n')
  const width = [...(lines[0] ?? '')].length
  return width < columns ? lines : undefined
}

/** A longer one would fit on no screen. */
const longestQrText = 300

interface Drawings {
  readonly qrCode?: Lines | undefined
  readonly large?: Lines | undefined
}

function roomyText({ userCode, ...code }: DeviceCodeShown, host: string, { qrCode, large }: Drawings): Lines {
  return [
    ...(qrCode ?? []),
    '',
    `To sign in to ${host},`,
    `${qrCode ? 'scan this, or ' : ''}open this page on your phone or on any other machine:`,
    '',
    `${indent}${visible(code.verificationUri)}`,
    '',
    'and type this code:',
    '',
    ...(large ? [...large.map((line) => `${indent}${line}`), ''] : []),
    `${indent}${visible(userCode)}`,
    '',
    'Approve there only if it shows this very code.',
    `It is good for ${formatLife(code.expiresInSeconds)}. Waiting for you; Ctrl-C gives up.`,
  ]
}

function tightText({ userCode, ...code }: DeviceCodeShown, { qrCode, large }: Drawings): Lines {
  return [
    ...(qrCode ?? []),
    `${qrCode ? 'Scan this, or open' : 'Open'} this page on your phone or on any other machine:`,
    `${indent}${visible(code.verificationUri)}`,
    `and type this code, which is good for ${formatLife(code.expiresInSeconds)}; Ctrl-C gives up:`,
    ...(large ? ['', ...large.map((line) => `${indent}${line}`), ''] : []),
    `${indent}${visible(userCode)}`,
    'Approve there only if it shows this very code.',
  ]
}

function formatLife(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  if (minutes >= 2) return `${minutes} minutes`
  return `${Math.floor(seconds)} seconds`
}
