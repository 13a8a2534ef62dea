/** In UTF-8; a longer name is refused. */
export const maximumDeviceNameBytes = 1024

const maximumGraphemes = 64
/** A letter with more marks than this covers the lines above and below it. */
const maximumCodePointsOfGrapheme = 8

/** Controls, turns of the writing direction, unassigned and private characters, and whatever else leaves no trace on the screen. */
const invisible = /[\p{C}\p{Default_Ignorable_Code_Point}\u2800]/gu

/**
 * A device's name as it may be shown to people, who are to recognise their device by it: one line, at most 64 letters, nothing
 * that hides or turns around. It says what the device says, so pages have to escape it and to set it apart.
 */
export function readableDeviceName(name: string): string {
  const oneLine = name.replaceAll(/\s+/g, ' ').replaceAll(invisible, '').trim()
  const graphemes = [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(oneLine)].map(({ segment }) =>
    [...segment].slice(0, maximumCodePointsOfGrapheme).join(''),
  )
  const shown = graphemes.length > maximumGraphemes ? `${graphemes.slice(0, maximumGraphemes - 1).join('')}…` : graphemes.join('')
  return shown === '' ? 'a device without a name' : shown
}
