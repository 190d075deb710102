import { metricsPage, type MetricsPage, type Writer } from '../../core/runtime/metrics.ts'
import type { Events } from './api/events.ts'
import type { InformerFigures } from './api/informer.ts'
import type { Lease } from './api/lease.ts'
import type { ClusterFigures } from './cluster.ts'
import type { KeeperNumbers } from './keep/keepers.ts'
import type { RoundsFigures } from './usage/rounds.ts'
import type { WebhookNumbers } from './webhook/figures.ts'

/** What each controller in a cluster counts. Null: it does not do that, or not now. */
export interface MemberFigures {
  lease: ReturnType<Lease['figures']>
  webhook: WebhookNumbers | null
  informers: Record<string, InformerFigures>
  kubelets: ClusterFigures['kubelets']
  gpus: ClusterFigures['gpus'] | null
  keepers: KeeperNumbers | null
  events: Events['figures']
}

/** Shown by leader and standby alike, each of its own. */
export function memberPage(now: () => MemberFigures): MetricsPage {
  return metricsPage('cluster', writer => {
    const { lease, webhook, informers, kubelets, gpus, keepers, events } = now()
    writer.set('outrigger_lease_held', {}, lease.held ? 1 : 0)
    writer.set('outrigger_lease_transitions_total', {}, lease.transitions)
    for (const [result, count] of Object.entries(events))
      writer.set('outrigger_cluster_events_total', { result }, count)
    for (const [kind, figures] of Object.entries(informers)) writeInformer(writer, kind, figures)
    if (webhook !== null) writeWebhook(writer, webhook)
    if (kubelets !== null)
      writeRounds(writer, kubelets, 'outrigger_kubelets', 'outrigger_kubelet_requests_total')
    if (gpus !== null)
      writeRounds(writer, gpus, 'outrigger_gpu_exporters', 'outrigger_gpu_exporter_requests_total')
    if (keepers !== null) writeKeepers(writer, keepers)
  })
}

type Page = Writer<'cluster'>

function writeRounds(
  writer: Page,
  { asked, requests, failures }: RoundsFigures,
  gauge: 'outrigger_kubelets' | 'outrigger_gpu_exporters',
  counter: 'outrigger_kubelet_requests_total' | 'outrigger_gpu_exporter_requests_total',
): void {
  writer.set(gauge, {}, asked)
  writer.set(counter, { result: 'done' }, requests - failures)
  writer.set(counter, { result: 'failed' }, failures)
}

function writeInformer(writer: Page, kind: string, figures: InformerFigures): void {
  writer.set('outrigger_informer_objects', { kind }, figures.objects)
  writer.set('outrigger_informer_events_total', { kind }, figures.events)
  writer.set('outrigger_informer_relists_total', { kind }, figures.relists)
  writer.set('outrigger_informer_stalls_total', { kind }, figures.stalls)
  writer.set('outrigger_informer_failures_total', { kind }, figures.failures)
}

function writeWebhook(writer: Page, numbers: WebhookNumbers): void {
  const { injected, already, failed, scaled, other, skipped, refused, handshakes, took } = numbers
  const results = { injected, already, failed, scaled, other }
  for (const [result, count] of Object.entries(results))
    writer.set('outrigger_webhook_answers_total', { result }, count)
  for (const [reason, count] of Object.entries(skipped))
    writer.set('outrigger_webhook_skipped_total', { reason }, count)
  for (const [status, count] of Object.entries(refused))
    writer.set('outrigger_webhook_refused_total', { status }, count)
  writer.set('outrigger_webhook_failed_handshakes_total', {}, handshakes)
  const { buckets, count, sum } = took
  const cumulative = buckets.map(bucket => bucket.count)
  writer.histogram('outrigger_webhook_seconds', {}, { cumulative, count, sum })
}

function writeKeepers(writer: Page, { findings, rewritten, woken, failed }: KeeperNumbers): void {
  for (const [reason, count] of Object.entries(findings))
    writer.set('outrigger_findings', { reason }, count)
  writer.set('outrigger_services_rewritten_total', {}, rewritten)
  writer.set('outrigger_replicasets_woken_total', {}, woken)
  writer.set('outrigger_keeper_failures_total', {}, failed)
}
