/**
 * What we write to a model, read in the plainest way: lines end in CR LF, a body has the length or the chunks
 * that its head says, and nothing else is known. Whoever reads it otherwise reads more into it than we meant.
 */
export interface Sent {
  method: string
  target: string
  body: string
  whole: boolean
}

/** The requests of one connection, in order; throws where this is no HTTP. */
export function sentOn(stream: string): Sent[] {
  const sent: Sent[] = []
  for (let at = 0; at < stream.length;) {
    const end = stream.indexOf('\r\n\r\n', at)
    if (end < 0) break
    const [first = '', ...lines] = stream.slice(at, end).split('\r\n')
    const [, method, target] = /^([!-~]+) ([!-~]+) HTTP\/1\.1$/.exec(first) ?? []
    if (method === undefined || target === undefined) throw new Error(`no request line: ${first}`)
    const body = bodyOf(stream, end + 4, lines)
    sent.push({ method, target, body: body.text, whole: body.next !== null })
    if (body.next === null) break
    at = body.next
  }
  return sent
}

function bodyOf(
  stream: string,
  from: number,
  lines: readonly string[],
): { text: string; next: number | null } {
  const values = (name: string): string[] =>
    lines
      .filter(line => line.toLowerCase().startsWith(`${name}: `))
      .map(line => line.slice(name.length + 2))
  const [length, ...lengths] = values('content-length')
  const [coding, ...codings] = values('transfer-encoding')
  if (lengths.length + codings.length > 0 || (length !== undefined && coding !== undefined)) {
    throw new Error(`framed twice: ${lines.join(' | ')}`)
  }
  if (coding !== undefined) {
    if (coding !== 'chunked') throw new Error(`a coding: ${coding}`)
    return chunks(stream, from)
  }
  const bytes = Number(length ?? 0)
  if (!Number.isSafeInteger(bytes)) throw new Error(`a length: ${length}`)
  const text = stream.slice(from, from + bytes)
  return { text, next: text.length === bytes ? from + bytes : null }
}

function chunks(stream: string, from: number): { text: string; next: number | null } {
  let text = ''
  for (let at = from; ;) {
    const end = stream.indexOf('\r\n', at)
    if (end < 0) return { text, next: null }
    const size = stream.slice(at, end)
    if (!/^[0-9a-f]{1,8}$/.test(size)) throw new Error(`a chunk size: ${size}`)
    const bytes = Number.parseInt(size, 16)
    const data = stream.slice(end + 2, end + 2 + bytes)
    at = end + 4 + bytes
    if (stream.length < at) return { text: text + data, next: null }
    if (stream.slice(at - 2, at) !== '\r\n') throw new Error('a chunk without an end')
    if (bytes === 0) return { text, next: at }
    text += data
  }
}
