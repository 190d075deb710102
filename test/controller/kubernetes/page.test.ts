import test from 'ava'
import { memberPage } from '../../../controller/kubernetes/page.ts'
import { WebhookFigures } from '../../../controller/kubernetes/webhook/figures.ts'
import { signals } from '../../../core/model/signals.ts'

const informer = {
  objects: 3,
  relists: 1,
  watches: 2,
  events: 7,
  stalls: 1,
  nonsense: 0,
  failures: 4,
  lastEventAgeMs: 5,
}

test('every signal of the table is on the page of one that decides', async t => {
  const webhook = new WebhookFigures()
  webhook.count('injected')
  webhook.count('failed')
  webhook.skipped(['no-port', 'no-port'])
  webhook.refused(400)
  webhook.handshakeFailed()
  webhook.took(0.003)
  webhook.took(0.3)
  const page = memberPage(() => ({
    lease: { held: true, transitions: 3, renewedAgoMs: 1 },
    webhook: webhook.numbers(),
    informers: { pods: informer },
    kubelets: { asked: 2, requests: 10, failures: 1 },
    gpus: { asked: 1, requests: 7, failures: 2 },
    keepers: { findings: { SidecarMissing: 1 }, rewritten: 1, woken: 2, failed: 3 },
    events: { written: 5, repeated: 4, dropped: 3, failed: 2 },
  }))
  const text = await page.text()
  for (const name of Object.keys(signals.cluster)) t.regex(text, new RegExp(`^${name}[ {_]`, 'm'))
  for (const line of [
    'outrigger_webhook_answers_total{result="injected"} 1',
    'outrigger_webhook_skipped_total{reason="no-port"} 2',
    'outrigger_webhook_seconds_bucket{le="0.0025"} 0',
    'outrigger_webhook_seconds_bucket{le="0.005"} 1',
    'outrigger_webhook_seconds_bucket{le="+Inf"} 2',
    'outrigger_informer_stalls_total{kind="pods"} 1',
    'outrigger_kubelets 2',
    'outrigger_kubelet_requests_total{result="done"} 9',
    'outrigger_gpu_exporter_requests_total{result="failed"} 2',
    'outrigger_findings{reason="SidecarMissing"} 1',
    'outrigger_cluster_events_total{result="dropped"} 3',
  ])
    t.true(text.includes(`\n${line}\n`), line)
})
