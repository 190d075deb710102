/** Events in a piece of an event stream: lines that start with data:. Cheap, and near enough where a piece splits a line. */
export function events(piece: Buffer): number {
  let count = piece.length >= 5 && piece.subarray(0, 5).equals(DATA) ? 1 : 0
  for (let at = piece.indexOf(LINE); at >= 0; at = piece.indexOf(LINE, at + 1)) count++
  return count
}

const DATA = Buffer.from('data:')
const LINE = Buffer.from('\ndata:')
