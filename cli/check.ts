import { parseArgs } from 'node:util'
import { wordsOfError } from '../core/runtime/log.ts'
import { gatherClocks, judgeClocks } from './check/clocks.ts'
import { gatherCluster, judgeCluster } from './check/cluster.ts'
import { judgeEndpoints } from './check/endpoints.ts'
import type { Finding } from './check/finding.ts'
import { gatherEndpoints } from './check/gather-endpoints.ts'
import { gatherMachine, judgeMachine } from './check/machine.ts'
import { counts, jsonReport, shownReport, type Report } from './check/print.ts'
import { gatherRelease, judgeRelease } from './check/release.ts'
import { gatherRights, judgeRights } from './check/rights.ts'
import { openScene, type Scene } from './check/scene.ts'
import { gatherWebhook, judgeWebhook } from './check/webhook.ts'
import { openCluster } from './cluster.ts'
import { Failure, flag, type Command } from './command.ts'
import { exit } from './exit.ts'
import { placeHelp, placeOf, placeOptions } from './place.ts'
import { version } from './version.ts'

export const command: Command = {
  usage: [
    'Usage: outrigger check [--namespace NAME] [--before] [--json]',
    '',
    'Of a cluster: whether Outrigger can be installed, or, where it is, whether it works: its pods, lease,',
    'webhook, rights, clocks, and each endpoint. Nothing is changed: a pod is made as a dry run only. Of this',
    'machine, where no cluster is named and there is none, or a state folder: whether `outrigger up` can run.',
    'docs/check.md lists the checks.',
    '',
    '  --before          what is looked at before an installation, also where there is one',
    '  --json            {of, stage, ok, counts, findings: [{check, level, about, words, fix}]}',
    ...placeHelp.filter(line => !line.includes('--url')),
    '',
    'Exit codes: 0 no failure (there may be warnings), 1 failures, 2 bad input, 6 cluster not reached.',
  ].join('\n'),
  examples: [
    'outrigger check --before',
    'outrigger check --namespace ml',
    'outrigger check --json | jq \'.findings[] | select(.level != "ok")\'',
  ],
  run,
}

async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { ...placeOptions, before: flag, json: flag } })
  const place = placeOf(values)
  if (place.kind === 'url') {
    const words = 'outrigger check looks at a cluster or at this machine: leave out --url.'
    throw new Failure(exit.badInput.code, words)
  }
  const report =
    place.kind === 'state'
      ? await machineReport(place.dir)
      : await clusterReport(await openCluster(place.context), place.release, values.before)
  console.log(values.json ? jsonReport(report) : shownReport(report))
  return counts(report.findings).failure === 0 ? exit.fine.code : exit.failed.code
}

async function machineReport(state: string): Promise<Report> {
  const findings = judgeMachine(await gatherMachine(state))
  return { of: 'This machine', stage: 'machine', findings }
}

async function clusterReport(
  cluster: Parameters<typeof openScene>[0],
  release: string,
  before: boolean,
): Promise<Report> {
  const found = await openScene(cluster, release)
  const scene: Scene = before ? { ...found, installed: null } : found
  const there = scene.installed === null ? 'before an installation' : 'installed'
  return {
    of: `Namespace ${release} of ${cluster.name}, ${there}`,
    stage: scene.installed === null ? 'before' : 'after',
    findings: await findingsOf(scene),
  }
}

async function findingsOf(scene: Scene): Promise<Finding[]> {
  const always = [
    gatherCluster(scene).then(judgeCluster),
    gatherRights(scene).then(judgeRights),
    gatherClocks(scene).then(judgeClocks),
  ]
  const { installed } = scene
  const after =
    installed === null
      ? []
      : [
          gatherRelease(scene, version).then(judgeRelease),
          ...(installed.webhook ? [gatherWebhook(scene).then(judgeWebhook)] : []),
          gatherEndpoints(scene).then(judgeEndpoints),
        ]
  try {
    return (await Promise.all([...always, ...after])).flat()
  } catch (error) {
    if (error instanceof Failure) throw error
    const words = `The check can't go on: ${wordsOfError(error)}.`
    throw new Failure(exit.unreachable.code, words)
  }
}
