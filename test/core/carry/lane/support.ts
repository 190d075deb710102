import { headText, idText } from '../../../../core/carry/lane/frame.ts'

/** A frame as it goes over the connection, one byte a character. */
export const frameOf = (kind: number, id: number, bytes = ''): string =>
  headText(kind, bytes.length, idText(id)) + bytes
