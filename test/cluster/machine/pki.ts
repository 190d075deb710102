import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addresses, nodeName, state } from './places.ts'

export const pki = join(state, 'pki')

/** A CA, the serving certificates of API server and kubelet, the API server's client certificate, and the key of service accounts. */
export function makePki(): void {
  mkdirSync(pki, { recursive: true, mode: 0o700 })
  openssl(
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=outrigger-test-ca',
    ['-keyout', 'ca.key', '-out', 'ca.crt'],
  )
  const { node, apiService } = addresses
  const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'localhost']
  issue('apiserver', '/CN=kube-apiserver', {
    addresses: ['127.0.0.1', node, apiService],
    names,
  })
  issue('kubelet', `/O=system:nodes/CN=system:node:${nodeName}`, {
    addresses: [node],
    names: [nodeName],
  })
  issue('apiserver-kubelet', '/O=system:masters/CN=apiserver-kubelet', { addresses: [], names: [] })
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  write('sa.key', privateKey.export({ type: 'pkcs8', format: 'pem' }))
  write('sa.pub', publicKey.export({ type: 'spki', format: 'pem' }))
}

function issue(
  name: string,
  subject: string,
  san: { addresses: readonly string[]; names: readonly string[] },
): void {
  openssl('req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj', [
    subject,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.csr`,
  ])
  const alternatives = [
    ...san.names.map(one => `DNS:${one}`),
    ...san.addresses.map(one => `IP:${one}`),
  ]
  const extensions = [
    'extendedKeyUsage=serverAuth,clientAuth',
    ...(alternatives.length === 0 ? [] : [`subjectAltName=${alternatives.join(',')}`]),
  ]
  write(`${name}.ext`, `${extensions.join('\n')}\n`)
  openssl(`x509 -req -days 3650 -CA ca.crt -CAkey ca.key -CAcreateserial`, [
    '-in',
    `${name}.csr`,
    '-extfile',
    `${name}.ext`,
    '-out',
    `${name}.crt`,
  ])
}

function write(name: string, text: string | Buffer): void {
  writeFileSync(join(pki, name), text, { mode: 0o600 })
}

function openssl(command: string, args: string[]): void {
  execFileSync('openssl', [...command.split(' '), ...args], { cwd: pki, stdio: 'pipe' })
}
