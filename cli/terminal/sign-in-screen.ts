import type { Context, Output } from '../context.ts'
import type { DeviceCodeShown } from '../session/device-flow.ts'
import { formatLarge, largeCodeColumns } from './large-letters.ts'
import { visible } from './visible.ts'

/*
 * What a person sees who signs in on a machine without a browser:
 * - The code and the link stand alone on their lines, to be read from afar, selected by a double click, tapped on a phone.
 * - They come last, so that they stay in sight; the QR code is above them, and only where all of it fits.
 * - Where no person may be watching (no terminal), the same words come without drawings.
 */

/** The text below the QR code, when it is short and when it takes its room. */
const tightRows = 5
const roomyRows = 17
const indent = '  '

/** Shows where to approve a sign-in, and with which code. */
export async function showDeviceCode(code: DeviceCodeShown, host: string, context: Context): Promise<void> {
  const { stderr } = context
  const canDraw = stderr.isTTY === true && context.environment['TERM'] !== 'dumb'
  const qrCode = canDraw ? await drawQrCode(code, stderr) : []
  const rowsLeft = (stderr.rows ?? Number.POSITIVE_INFINITY) - qrCode.length
  const isTight = qrCode.length > 0 && rowsLeft < roomyRows
  const text = isTight ? tightText(code, host) : roomyText(code, host, canDraw && fits(stderr))
  stderr.write(`${[...qrCode, ...text].join('\n')}\n`)
}

function fits({ columns = 80 }: Output): boolean {
  return columns > largeCodeColumns + indent.length
}

async function drawQrCode(
  { verificationUriComplete }: DeviceCodeShown,
  { columns = 80, rows }: Output,
): Promise<readonly string[]> {
  if (verificationUriComplete === undefined || verificationUriComplete.length > longestQrText) return []
  const { renderUnicodeCompact } = await import('uqr')
  const lines = renderUnicodeCompact(verificationUriComplete, { border: 1 }).split('\n')
  const width = [...(lines[0] ?? '')].length
  return width < columns && lines.length + tightRows <= (rows ?? Number.POSITIVE_INFINITY) ? lines : []
}

/** A longer one would fit on no screen. */
const longestQrText = 300

function roomyText({ userCode, ...code }: DeviceCodeShown, host: string, isLarge: boolean): readonly string[] {
  const large = isLarge ? formatLarge(userCode) : undefined
  return [
    '',
    `To sign in to ${visible(host)},`,
    'open this page on your phone or on any other machine:',
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

function tightText({ userCode, ...code }: DeviceCodeShown, host: string): readonly string[] {
  return [
    `To sign in to ${visible(host)}, scan this or open ${visible(code.verificationUri)}`,
    `and type the code  ${visible(userCode)}  (good for ${formatLife(code.expiresInSeconds)}). Waiting; Ctrl-C gives up.`,
  ]
}

function formatLife(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  if (minutes >= 2) return `${minutes} minutes`
  return `${Math.floor(seconds)} seconds`
}
