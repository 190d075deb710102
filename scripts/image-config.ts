/** How an image is run. */
export interface Run {
  User: string
  Env?: string[]
  Entrypoint: string[]
  WorkingDir?: string
}

/** How ours is run. deploy/Dockerfile says the same; a test compares them. */
export const run = {
  User: '65532:65532',
  Env: ['PATH=/usr/local/bin', 'HOME=/tmp', 'NODE_ENV=production', 'MALLOC_ARENA_MAX=1'],
  Entrypoint: ['/usr/local/bin/node', '--max-semi-space-size=1', '/app/dist/cli/main.js'],
  WorkingDir: '/app',
} satisfies Run

/** What an archive says of its image; `layer` is the digest of its one layer. */
export function imageConfig(layer: string, config: Run): object {
  const architecture = { x64: 'amd64', arm64: 'arm64' }[process.arch as string]
  if (architecture === undefined) throw new Error(`expected x64 or arm64, got ${process.arch}`)
  return {
    architecture,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config,
    rootfs: { type: 'layers', diff_ids: [layer] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'scripts/archive.ts' }],
  }
}
