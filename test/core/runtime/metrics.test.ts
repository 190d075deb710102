import test from 'ava'
import { Registry } from 'prom-client'
import { metricsPage } from '../../../core/runtime/metrics.ts'

test('the type of a page, told before prom-client is loaded, is the one that it writes', async t => {
  const page = metricsPage('sidecar', write => write.set('outrigger_limit', {}, 3))
  t.is(page.type, new Registry().contentType)
  const both = await Promise.all([page.text(), page.text()])
  for (const text of both) t.regex(text, /^outrigger_limit 3$/m)
})

test('a page that could not be made is made for the next who asks', async t => {
  let tries = 0
  const page = metricsPage(
    'sidecar',
    write => write.set('outrigger_limit', {}, 7),
    () => (++tries === 1 ? Promise.reject(new Error('EMFILE')) : import('prom-client')),
  )
  await t.throwsAsync(page.text(), { message: 'EMFILE' })
  t.regex(await page.text(), /^outrigger_limit 7$/m)
  t.regex(await page.text(), /^outrigger_limit 7$/m)
  t.is(tries, 2)
})
