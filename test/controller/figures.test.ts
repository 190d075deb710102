import test from 'ava'
import { Figures } from '../../controller/figures.ts'

test('of endpoints that are gone nothing is counted any more, of the log all is', async t => {
  const figures = new Figures()
  for (let n = 0; n < 500; n++) {
    figures.actuated(`local/preview-${n}`, 'replicas', 'done')
    figures.actuated('local/stays', 'limit', 'failed')
  }
  figures.count('outrigger_log_records_total', { kind: 'start' })
  figures.keep(new Set(['local/stays']))
  const page = await figures.page(() => ({ acting: true, endpoints: [] })).text()
  t.false(page.includes('preview'))
  t.regex(
    page,
    /outrigger_actuations_total\{endpoint="local\/stays",what="limit",result="failed"\} 500/,
  )
  t.regex(page, /outrigger_log_records_total\{kind="start"\} 1/)
})
