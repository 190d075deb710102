import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { wordsOfError } from '../core/runtime/log.ts'
import { Failure, flag, type Command } from './command.ts'
import { exit } from './exit.ts'
import { injectAll, type Answer, type Given } from './inject-offline.ts'
import { readManifests, writeManifest } from './manifests.ts'
import { version } from './version.ts'

export const command: Command = {
  usage: [
    'Usage: outrigger inject -f FILE|- --root-key KEY [--image IMAGE] [--namespace NAME] [--json]',
    '',
    'Reads YAML or JSON: Pods, Deployments, Lists of them, anything else besides. Prints all of it, pods that ask',
    'for it (outrigger.dev/inject: "true" on the pod template) with the sidecar, the rest as it was written. Why',
    'each was injected or not is said on standard error. docs/injection.md has every reason.',
    '',
    '  -f, --filename FILE  what to read; - is standard input',
    '  --root-key KEY       public half of the root key: kubectl -n outrigger-system get configmap',
    "                       outrigger-root-key -o jsonpath='{.data.publicKey}'",
    `  --image IMAGE        of the sidecar (outrigger:${version})`,
    '  --namespace NAME     of objects that name none (default)',
    '  --json               {objects, answers}: verdict, reasons, warnings and JSON Patch of each',
    '',
    'Exit codes: 0 done, 1 a pod that asks for it could not be injected, 2 bad input.',
  ].join('\n'),
  examples: [
    'outrigger inject -f deployment.yaml --root-key "$KEY" | kubectl apply -f -',
    'kubectl get deployment digits -o yaml | outrigger inject -f - --root-key "$KEY" --json',
  ],
  run: args => Promise.resolve(run(args)),
}

function run(args: string[]): number {
  const { values } = parseArgs({
    args,
    options: {
      filename: { type: 'string', short: 'f' },
      'root-key': { type: 'string' },
      image: { type: 'string', default: `outrigger:${version}` },
      namespace: { type: 'string', default: 'default' },
      json: flag,
    },
  })
  const file = values.filename
  if (file === undefined)
    throw bad('outrigger inject: name a file with -f, or - for standard input.')
  const rootKey = values['root-key'] ?? ''
  const given: Given = { image: values.image, namespace: values.namespace, rootKey }
  const { manifests, errors } = readManifests(contents(file))
  if (errors.length > 0) throw bad(`${named(file)} can't be read:\n  ${errors.join('\n  ')}`)
  const before = manifests.map(({ object }) => object)
  const { objects, answers } = injectAll(before, given)
  if (answers.some(({ verdict }) => verdict === 'injected')) checkKey(rootKey)
  for (const answer of answers)
    for (const line of inWords(answer)) process.stderr.write(`${line}\n`)
  const text = manifests.map(({ source, object }, i) =>
    objects[i] === object ? source : writeManifest(objects[i]),
  )
  const found = objects.filter(object => object !== undefined && object !== null)
  process.stdout.write(
    values.json ? `${JSON.stringify({ objects: found, answers })}\n` : joined(text),
  )
  return answers.some(refused) ? exit.failed.code : exit.fine.code
}

/** Skipped although it asks. */
function refused({ verdict, reasons, misplaced }: Answer): boolean {
  return verdict === 'skipped' && (misplaced || reasons.some(({ code }) => code !== 'not-asked'))
}

function inWords(answer: Answer): string[] {
  const { kind, namespace, name, verdict, reasons, misplaced } = answer
  const what = `${kind} ${namespace}/${name === '' ? '(no name)' : name}`
  if (misplaced)
    return [
      `${what}: skipped: outrigger.dev/inject is on the ${kind}, and belongs on its pod template.`,
    ]
  return reasons.map(({ code, sentence }) => `${what}: ${verdict}: ${sentence} [${code}]`)
}

function checkKey(key: string): void {
  if (/^[A-Za-z0-9+/]{16,196}={0,2}$/.test(key)) return
  const got = key === '' ? 'nothing' : JSON.stringify(key.slice(0, 60))
  throw bad(
    `--root-key: expected base64 of a public key (SPKI), got ${got}. See: outrigger inject --help`,
  )
}

function contents(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw bad(`${named(file)} can't be read: ${wordsOfError(error)}`)
  }
}

/** A document that was written anew begins on a line of its own. */
function joined(texts: readonly string[]): string {
  const whole = texts.reduce(
    (before, text) => before + (text.startsWith('---') && isOpen(before) ? '\n' : '') + text,
    '',
  )
  return isOpen(whole) ? `${whole}\n` : whole
}

function isOpen(text: string): boolean {
  return text !== '' && !text.endsWith('\n')
}

function named(file: string): string {
  return file === '-' ? 'Standard input' : file
}

function bad(message: string): Failure {
  return new Failure(exit.badInput.code, message)
}
