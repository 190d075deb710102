import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Source } from './source.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Every file that git knows or would know, but what is built, installed or recorded from elsewhere. */
export function tree(): Source[] {
  const listed = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (listed.status !== 0) throw new Error(`git ls-files: ${listed.stderr}`)
  return listed.stdout
    .split('\0')
    .filter(path =>
      /\.(ts|js|mjs|sh|md|ya?ml|json|html|css|toml)$|(^|\/)(Makefile|run)$/.test(path),
    )
    .filter(path => path !== 'package-lock.json' && !path.startsWith('test/fixtures/'))
    .filter(path => existsSync(join(root, path)))
    .map(path => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

export function typescript(sources: readonly Source[]): Source[] {
  return sources.filter(({ path }) => path.endsWith('.ts'))
}
