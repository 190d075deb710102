import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
export const chartFolder = join(root, 'deploy', 'chart')
export const manifestsFile = join(root, 'deploy', 'manifests', 'outrigger.yaml')
const namespace = 'outrigger-system'

/**
 * What the manifests are made from, in a few digits: they say it in their first lines, so that they can be
 * seen to be stale where there is no helm.
 */
export function chartDigest(): string {
  const hash = createHash('sha256')
  const files = readdirSync(chartFolder, { recursive: true, withFileTypes: true })
    .filter(file => file.isFile())
    .map(file => join(file.parentPath, file.name))
    .toSorted()
  for (const file of files) {
    const bytes = readFileSync(file)
    hash.update(`${file.slice(chartFolder.length)} ${bytes.length}\n`).update(bytes)
  }
  return hash.digest('hex').slice(0, 16)
}

/** The chart's objects as helm renders them. Its own idea of a Kubernetes version is too old for the chart. */
export function rendered(...options: string[]): string {
  const words = ['template', 'outrigger', chartFolder, '--namespace', namespace]
  return execFileSync('helm', [...words, '--kube-version', '1.33.0', ...options], {
    encoding: 'utf8',
    stdio: 'pipe',
  })
}

/** deploy/manifests/outrigger.yaml: the chart with its defaults, without what only Helm reads, in a namespace of its own. */
export function manifests(): string {
  const objects = rendered()
    .replaceAll(/^# Source: .*\n/gm, '')
    .replaceAll(/^ *(helm\.sh\/chart|app\.kubernetes\.io\/managed-by): .*\n/gm, '')
  return `${head(chartDigest())}${objects}`
}

function head(digest: string): string {
  return `# Outrigger without Helm: kubectl apply -f outrigger.yaml
# Made from deploy/chart by make manifests. Chart: ${digest}
apiVersion: v1
kind: Namespace
metadata:
  name: ${namespace}
  labels:
    app.kubernetes.io/name: outrigger
    app.kubernetes.io/part-of: outrigger
    pod-security.kubernetes.io/enforce: restricted
`
}
