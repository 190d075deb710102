import { randomBytes } from 'node:crypto'
import { newKeyPair, type KeyPair } from '../../../core/runtime/signing.ts'
import type { Kube } from './client.ts'
import { statusOf } from './error.ts'

/** Objects of our own that are made once and then only read: nothing random is in the chart. */
const ROOT_SECRET = 'outrigger-root'
const ROOT_KEY_MAP = 'outrigger-root-key'
const TOKEN_SECRET = 'outrigger-token'

interface Data {
  data?: Record<string, string>
}

interface Where {
  namespace: string
  name: string
}

/**
 * The data of a Secret, made by `fresh` if there is none: the Secret, or anything in it (the chart makes it
 * empty, so that it goes with the chart). Of several that make it at once, one does, and all read the same.
 */
async function secretOf(
  kube: Kube,
  { namespace, name }: Where,
  fresh: () => Record<string, string>,
): Promise<Record<string, string>> {
  const path = `/api/v1/namespaces/${namespace}/secrets`
  const made = (): { data: Record<string, string> } => ({
    data: mapped(fresh(), text => Buffer.from(text).toString('base64')),
  })
  let found = await readOrCreate(kube, path, name, () => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadata(namespace, name),
    type: 'Opaque',
    ...made(),
  }))
  if (Object.keys(found.data ?? {}).length === 0)
    found = await fill(kube, `${path}/${name}`, found, made)
  return mapped(found.data ?? {}, text => Buffer.from(text, 'base64').toString('utf8'))
}

/** The key pair that vouches for signing keys. It survives an uninstall: sidecars know its public half. */
export async function rootKeyPair(kube: Kube, namespace: string): Promise<KeyPair> {
  const { publicKey = '', privateKey = '' } = await secretOf(
    kube,
    { namespace, name: ROOT_SECRET },
    () => ({ ...newKeyPair() }),
  )
  if (publicKey === '' || privateKey === '')
    throw incomplete(namespace, ROOT_SECRET, 'publicKey and privateKey')
  await publish(kube, namespace, publicKey)
  return { publicKey, privateKey }
}

/** What our own components show one another. */
export async function sharedToken(kube: Kube, namespace: string): Promise<string> {
  const where = { namespace, name: TOKEN_SECRET }
  const { token = '' } = await secretOf(kube, where, () => ({
    token: randomBytes(32).toString('base64url'),
  }))
  if (token === '') throw incomplete(namespace, TOKEN_SECRET, 'token')
  return token
}

/** The public half, for offline injection and for auditors. The Secret is right where they differ. */
async function publish(kube: Kube, namespace: string, publicKey: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/configmaps`
  const { data = {} } = await readOrCreate(kube, path, ROOT_KEY_MAP, () => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadata(namespace, ROOT_KEY_MAP),
    data: { publicKey },
  }))
  if (data.publicKey === publicKey) return
  await kube.patch(`${path}/${ROOT_KEY_MAP}`, { data: { publicKey } }, 'merge')
}

async function fill(kube: Kube, path: string, found: Data, made: () => object): Promise<Data> {
  try {
    // With the resourceVersion that was read: one of several writes.
    return await kube.replace<Data>(path, { ...found, ...made() })
  } catch (error) {
    if (statusOf(error) !== 409) throw error
    return kube.get<Data>(path)
  }
}

async function readOrCreate(
  kube: Kube,
  path: string,
  name: string,
  fresh: () => object,
): Promise<Data> {
  try {
    return await kube.get<Data>(`${path}/${name}`)
  } catch (error) {
    if (statusOf(error) !== 404) throw error
  }
  try {
    return await kube.create<Data>(path, fresh())
  } catch (error) {
    if (statusOf(error) !== 409) throw error
    return kube.get<Data>(`${path}/${name}`)
  }
}

function metadata(namespace: string, name: string): object {
  return { namespace, name, labels: { 'app.kubernetes.io/part-of': 'outrigger' } }
}

function mapped(
  data: Readonly<Record<string, string>>,
  change: (text: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, change(text)]))
}

function incomplete(namespace: string, name: string, keys: string): Error {
  return new Error(
    `Secret ${namespace}/${name}: expected ${keys}, got an empty or missing value; restore it, or delete ` +
      'the Secret to have a new one made',
  )
}
