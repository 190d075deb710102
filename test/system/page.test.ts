import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { call } from '../../core/runtime/call.ts'
import { HEADERS } from '../../core/model/tables.ts'
import { pidOf, startRun, type Run } from '../e2e/run.ts'
import { until } from '../e2e/client.ts'
import { openBrowser, type Browser } from './browser.ts'

/** The live page in a real browser against a real run. One after the other: they share both. */
let run: Run
let browser: Browser

test.before(async () => {
  run = await startRun(fileURLToPath(new URL('platform.yaml', import.meta.url)))
  browser = await openBrowser(run.places.controller)
})
test.after.always(async () => {
  await browser?.close()
  await run?.stop()
})

/** Runs in the page: pixels of the first chart that are not blank. */
const INKED = `(() => {
  const canvas = document.querySelector('.chart canvas')
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  return data.filter((value, i) => i % 4 === 3 && value !== 0).length
})()`

/** What the controller itself tells of a decision. */
interface Told {
  explanation: {
    endpoint: string
    outcome: string
    inputs: string[]
    reasons: { sentence: string }[]
  }
}
async function told(id: string): Promise<Told['explanation']> {
  const answer = await call('GET', `${run.places.controller}/v1/decisions/${id}`)
  return (answer.json as Told).explanation
}

const CHANGE = '.decisions > li > button:not(.quiet):has(.sign:not(.hold))'

test.serial(
  'the overview shows each endpoint with its live numbers, and nothing jumps',
  async t => {
    const { page, shift } = browser
    await page.goto(`${run.places.controller}/`)
    await page.locator('.fleet tbody tr').nth(2).waitFor()
    t.deepEqual(await page.locator('.fleet tbody .name').allTextContents(), [
      'agent',
      'tight',
      'llm',
    ])
    await page.locator('#summary', { hasText: / [1-9]\d* requests\/s/ }).waitFor()
    await page.locator(CHANGE).first().waitFor()
    t.true((await shift()) < 0.1, `layout shift ${await shift()}`)
  },
)

test.serial('a decision is opened by keyboard, and says why from inputs to outcome', async t => {
  const { page } = browser
  const button = page.locator(CHANGE).first()
  const id = (await button.getAttribute('data-decision')) ?? ''
  const row = page.locator(`[data-decision="${id}"]`)
  await row.focus()
  await page.keyboard.press('Enter')
  await page.locator('.step').nth(3).waitFor()
  t.is(await row.getAttribute('aria-expanded'), 'true')
  t.deepEqual(await page.locator('.step h3').allTextContents(), [
    'Inputs',
    'Proposals',
    'Bounds',
    'Outcome',
  ])
  const { inputs, outcome, reasons } = await told(id)
  const text = await page.locator('.detail').innerText()
  for (const sentence of [...inputs, outcome, ...reasons.map(reason => reason.sentence)]) {
    t.true(text.includes(sentence), sentence)
  }
  t.true(page.url().endsWith(`#/decision/${id}`))
  await page.keyboard.press('Escape')
  await page.locator('.step').first().waitFor({ state: 'detached' })
  t.is(await row.getAttribute('aria-expanded'), 'false')
})

test.serial('an endpoint has its figures, four charts and its decisions', async t => {
  const { page } = browser
  await page.getByRole('link', { name: 'agent', exact: true }).click()
  await page.locator('.chart canvas').nth(3).waitFor()
  t.is(await page.locator('.chart').count(), 4)
  t.is(await page.title(), 'agent · Outrigger')
  const ready = page.locator('.chart', { hasText: 'Replicas' }).locator('.u-value').last()
  await until('the newest value is in the legend', 10_000, async () =>
    /^[1-9]/.test(await ready.innerText()),
  )
  const drawn = await page.evaluate<number>(INKED)
  t.true(drawn > 500, `${drawn} pixels are drawn`)
})

test.serial('what is believed of the limit stands beside the curve that it rests on', async t => {
  const { page } = browser
  await page.locator('.drawing svg circle').first().waitFor()
  const limit = await page.locator('.drawing text.limit').textContent()
  t.regex(limit ?? '', /^limit \d+$/)
  const name = await page.locator('.drawing svg').getAttribute('aria-label')
  t.regex(name ?? '', /against requests in flight, with the limit at \d+/)
  const sentences = await page.locator('.believed li').allTextContents()
  t.true(sentences.length >= 4, sentences.join('\n'))
  t.regex(sentences[0] ?? '', /^One replica may hold \d+ requests?\./)
})

test.serial('a link to a decision opens it', async t => {
  const { page } = browser
  const button = page.locator('.decisions > li > button[data-decision]').last()
  const id = (await button.getAttribute('data-decision')) ?? ''
  await page.goto('about:blank')
  await page.goto(`${run.places.controller}/#/endpoint/local/agent/decision/${id}`)
  await page.locator('.step').nth(3).waitFor()
  t.true((await page.locator('.detail').innerText()).includes((await told(id)).outcome))
})

test.serial('what people write is shown as text, never as markup', async t => {
  const { page } = browser
  const who = '<img src=x onerror=alert(1)><b>Eve</b>'
  const token = readFileSync(join(run.state, 'token'), 'utf8')
  const answer = await call('PUT', `${run.places.controller}/v1/overrides/local/agent`, {
    json: { what: 'replicas', value: 2, for: '5m', who },
    headers: { [HEADERS.token]: token },
  })
  t.is(answer.status, 200)
  const record = await until(
    'a decision under the override',
    20_000,
    () =>
      run
        .decisions()
        .find(({ body }) => body.inputs.overrides.some(override => override.who === who)) ?? null,
  )
  await page.goto(`${run.places.controller}/#/endpoint/local/agent/decision/${record.id}`)
  await page.locator('.detail', { hasText: who }).waitFor()
  // What stands above the numbers, and in the table of all, says it, too.
  const words = `${who} set replicas to 2 until`
  await page.locator('.says', { hasText: words }).waitFor()
  await page.goto(`${run.places.controller}/#/`)
  await page.locator('.fleet tr', { hasText: 'agent' }).filter({ hasText: words }).waitFor()
  t.is(await page.locator('main img, main b').count(), 0)
})

test.serial('it fits a phone, in both views', async t => {
  const { page } = browser
  await page.setViewportSize({ width: 360, height: 740 })
  for (const hash of ['#/', '#/endpoint/local/agent']) {
    await page.goto(`${run.places.controller}/${hash}`)
    await page.locator('.decisions li').first().waitFor()
    t.true(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth'), hash)
  }
  await page.setViewportSize({ width: 1280, height: 900 })
})

test.serial('so far no error was said, and no request left for anywhere else', t => {
  t.deepEqual(browser.errors, [])
  t.deepEqual(
    browser.strays.filter(url => url !== 'about:blank'),
    [],
  )
})

test.serial('a lost controller is said, and the page goes on when it is back', async t => {
  const { page } = browser
  process.kill(pidOf(run.pid, 'controller'), 'SIGKILL')
  const banner = page.getByRole('alert').filter({ hasText: 'is lost' })
  await banner.waitFor({ timeout: 10_000 })
  await banner.getByRole('button', { name: 'Try now' }).click()
  await banner.waitFor({ state: 'hidden', timeout: 30_000 })
  const clock = page.locator('#clock')
  const before = await clock.innerText()
  await until('the clock goes on', 10_000, async () => (await clock.innerText()) !== before)
  t.pass()
})
