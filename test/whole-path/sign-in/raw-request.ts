import { once } from 'node:events'
import { connect } from 'node:net'

/** Sends bytes as they are, whatever they say, and gives back all that is answered until the server closes. */
export async function sendRaw(url: string, text: string): Promise<string> {
  const { port, hostname } = new URL(url)
  const socket = connect({ port: Number(port), host: hostname })
  socket.write(text, 'latin1')
  let answered = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    answered += chunk
  })
  // Closed by a server that had not read all of it, the connection ends with an error; what was answered counts.
  await once(socket, 'close').catch(() => {})
  return answered
}

/** The status code of the first answer; 0 where there is none. */
export function statusOf(answered: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answered)?.[1] ?? 0)
}
