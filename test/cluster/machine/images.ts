import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binary, state } from './places.ts'

/** Images made without docker or a registry: a folder becomes one layer of a docker-archive. */

/** The image that holds a pod's namespaces. Gives the archive's path. */
export function pauseImage(): string {
  const root = mkdtempSync(join(tmpdir(), 'outrigger-pause-'))
  copyFileSync(binary('pause'), join(root, 'pause'))
  const tar = archive(root, 'outrigger-test/pause:1', { Entrypoint: ['/pause'], User: '65535' })
  rmSync(root, { recursive: true })
  return tar
}

function archive(root: string, tag: string, config: Record<string, unknown>): string {
  const work = mkdtempSync(join(tmpdir(), 'outrigger-image-'))
  const layer = join(work, 'layer.tar')
  execFileSync('tar', [
    '--owner=0',
    '--group=0',
    '--mtime=@0',
    '--sort=name',
    '-cf',
    layer,
    '-C',
    root,
    '.',
  ])
  const digest = execFileSync('sha256sum', [layer], { encoding: 'utf8' }).slice(0, 64)
  const json = JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
    history: [{ created_by: 'outrigger tests' }],
  })
  const name = `${createHash('sha256').update(json).digest('hex')}.json`
  writeFileSync(join(work, name), json)
  const manifest = [{ Config: name, RepoTags: [`docker.io/${tag}`], Layers: ['layer.tar'] }]
  writeFileSync(join(work, 'manifest.json'), JSON.stringify(manifest))
  mkdirSync(join(state, 'images'), { recursive: true })
  const out = join(state, 'images', `${tag.replaceAll(/[/:]/g, '-')}.tar`)
  execFileSync('tar', ['-cf', out, '-C', work, 'manifest.json', name, 'layer.tar'])
  rmSync(work, { recursive: true })
  return out
}
