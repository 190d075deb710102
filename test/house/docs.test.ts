import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'ava'
import { generatedDocs } from '../../scripts/generated.ts'
import { reasons } from '../../core/model/reasons.ts'
import { settingNames } from '../../core/model/settings.ts'
import { root, tree } from './tree.ts'

const pages = tree().filter(({ path }) => path.endsWith('.md'))

/** Names of a table that a page does not list. */
function unlisted(names: readonly string[], page: string): string[] {
  return names.filter(name => !page.includes(`\`${name}\``) && !page.includes(`## ${name}\n`))
}

/** Relative links to files that do not exist, or to headings that a page does not have. */
function deadLinks(path: string, text: string): string[] {
  return [...text.matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(#[^)\s]+)?\)/g)]
    .filter(([, to = '', anchor = '']) => {
      const file = to === '' ? path : join(dirname(path), to)
      if (!existsSync(join(root, file))) return true
      if (anchor === '' || !file.endsWith('.md')) return false
      return !anchorsOf(readFileSync(join(root, file), 'utf8')).includes(anchor.slice(1))
    })
    .map(([, to = '', anchor = '']) => `${path}: ${to}${anchor}`)
}

/** Of the headings of a page, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  const prose = text.replace(/^```[^]*?^```/gm, '')
  return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  )
}

for (const [path, text] of Object.entries(generatedDocs())) {
  test(`${path} is what its table says (mend: make docs)`, t => {
    t.is(readFileSync(join(root, path), 'utf8'), text)
  })
}

test('the pages list every setting and reason', t => {
  const page = (name: string): string => readFileSync(join(root, 'docs', `${name}.md`), 'utf8')
  t.deepEqual(unlisted(settingNames, page('settings')), [])
  t.deepEqual(unlisted(Object.keys(reasons), page('reasons')), [])
  t.deepEqual(unlisted(['new-setting'], page('settings')), ['new-setting'])
})

test('docs/cli.md lists every command that --help does', t => {
  const { stdout } = spawnSync('node', ['cli/main.ts', '--help'], { cwd: root, encoding: 'utf8' })
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name = '']) => name)
  t.true(commands.length > 5)
  t.deepEqual(unlisted(commands, readFileSync(join(root, 'docs/cli.md'), 'utf8')), [])
})

test('links between files lead somewhere, and docs/index.md to every page', t => {
  t.deepEqual(
    pages.flatMap(({ path, text }) => deadLinks(path, text)),
    [],
  )
  t.deepEqual(deadLinks('docs/a.md', '[x](gone.md) [y](install.md#gone) [z](install.md#helm)'), [
    'docs/a.md: gone.md',
    'docs/a.md: install.md#gone',
  ])
  const index = readFileSync(join(root, 'docs/index.md'), 'utf8')
  const docs = pages.filter(({ path }) => path.startsWith('docs/') && path !== 'docs/index.md')
  t.deepEqual(
    docs.map(({ path }) => path.slice(5)).filter(name => !index.includes(`(${name})`)),
    [],
  )
})

test('the changelog begins with the version of the package, and the pages build images of it', t => {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8')
  const { version } = JSON.parse(read('package.json')) as { version: string }
  t.is(/^## (\S+)/m.exec(read('CHANGELOG.md'))?.[1], version)
  const tags = pages.flatMap(({ text }) =>
    [...text.matchAll(/REGISTRY\/outrigger:([\w.-]+)/g)].map(([, tag = '']) => tag),
  )
  t.true(tags.length > 0)
  t.deepEqual([...new Set(tags)], [version])
})

test('docs/learned.md names every rule that proposes a limit, and its numbers', t => {
  const code = tree()
    .filter(({ path }) => path.startsWith('controller/decide/vertical/'))
    .map(({ text }) => text)
    .join('\n')
  const rules = [...code.matchAll(/rule: (?:room > 1 \? '(\w+)' : )?'(\w+)'/g)]
    .flatMap(([, one, other]) => [one, other])
    .filter(name => name !== undefined)
  t.true(rules.includes('double') && rules.includes('slope'), rules.join())
  const numbers = ['early', 'late', 'x', 'elasticity', 'slope', 'error', 'curvature', 'observed']
  const page = readFileSync(join(root, 'docs/learned.md'), 'utf8')
  t.deepEqual(unlisted([...new Set(rules), ...numbers, 'model'], page), [])
})
