import { Composer, CST, Parser, stringify, type Document } from 'yaml'
import { isMapping } from '../core/model/schema.ts'
import { wordsOfError } from '../core/runtime/log.ts'

/** A file of Kubernetes objects: YAML of one or more documents, or JSON, which is YAML too. */
export interface Manifest {
  /** As it was written, comments and all. */
  source: string
  /** undefined: no object, such as a comment or the end of a document. */
  object: unknown
}

/** Every error of every document, with its line. */
export function readManifests(text: string): { manifests: Manifest[]; errors: string[] } {
  const manifests: Manifest[] = []
  const errors: string[] = []
  let line = 1
  for (const token of new Parser().parse(text)) {
    const source = sourceOf(token)
    const object = token.type === 'document' ? read(token, line, errors) : undefined
    if (token.type === 'error') errors.push(`line ${line}: ${token.message}`)
    manifests.push({ source, object })
    line += source.split('\n').length - 1
  }
  return { manifests, errors }
}

function sourceOf(token: CST.Token): string {
  return token.type === 'error' ? token.source : CST.stringify(token)
}

/** null is an empty document. */
function read(token: CST.Document, line: number, errors: string[]): unknown {
  try {
    const [document] = [...new Composer().compose([token])] as Document[]
    const found = document?.errors ?? []
    errors.push(...found.map(({ message }) => `document at line ${line}: ${message}`))
    return found.length > 0 ? undefined : (document?.toJS() as unknown)
  } catch (error) {
    errors.push(`document at line ${line}: ${wordsOfError(error)}`)
    return undefined
  }
}

/** Written so that the YAML 1.1 of Kubernetes reads it the same: "yes" keeps its quotes. */
export function writeManifest(object: unknown): string {
  const options = { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false } as const
  return `---\n${stringify(object, options)}`
}

/** The objects of a List and of any other, one after the other. */
export function* objectsIn(object: unknown): Generator<Record<string, unknown>> {
  if (!isMapping(object)) return
  if (isList(object)) for (const item of object.items) yield* objectsIn(item)
  else yield object
}

export function isList(
  object: Record<string, unknown>,
): object is Record<string, unknown> & { items: unknown[] } {
  return String(object.kind).endsWith('List') && Array.isArray(object.items)
}
