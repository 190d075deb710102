import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newKeyPair, type KeyPair } from './signing.ts'

/** The root key pair of an installation: made once, then read. The file is for its owner's eyes only. */
export function rootKeys(folder: string): KeyPair {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, 'root.json')
  try {
    // 'wx' makes it for one process only; any other reads what that one wrote.
    writeFileSync(file, JSON.stringify(newKeyPair()), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  const read = JSON.parse(readFileSync(file, 'utf8')) as Partial<KeyPair>
  if (typeof read.publicKey !== 'string' || typeof read.privateKey !== 'string') {
    throw new Error(`${file} holds no key pair; restore it, or remove it to make a new one`)
  }
  return { publicKey: read.publicKey, privateKey: read.privateKey }
}
