import { writeFileSync } from 'node:fs'
import { wordsOfError } from '../../core/runtime/log.ts'
import type { Played } from '../../simulate/result.ts'
import { Failure, type Command } from '../command.ts'
import { exit } from '../exit.ts'
import { version } from '../version.ts'
import type { Asked, Engine } from './engine.ts'
import { judged, type Outcome } from './expect.ts'
import { readScenarios } from './files.ts'
import { optionsIn } from './options.ts'
import { plansOf, type Plan } from './plan.ts'
import { runName } from './pairs.ts'
import { progressOn } from './progress.ts'
import { report } from './report.ts'
import { tables } from './text.ts'

export function commandWith<S extends Asked>(engine: Engine<S>): Command {
  return {
    usage: usage.join('\n'),
    examples: [
      'outrigger simulate examples/scenarios/step-classifier.yaml',
      'outrigger simulate surge.yaml --policy outrigger,hpa-cpu,kpa --repeat 5 --html report.html',
      'outrigger simulate *.yaml --json | jq ".[] | {scenario, policy, totals}"',
    ],
    run: args => Promise.resolve(run(args, engine)),
  }
}

const usage = [
  'Usage: outrigger simulate FILE... [--policy A,B] [--limiter X,Y] [--seed N] [--repeat N]',
  '                          [--json [--seconds]] [--html REPORT]',
  '',
  'FILE is a scenario: a model, its traffic, and what is expected. docs/simulate.md says what it may hold, and',
  'examples/scenarios has some to copy. Each is played under every policy and limiter, all else the same. The',
  'same file and seed give the same figures on every machine.',
  '',
  '  --policy A,B      autoscalers: outrigger, hpa-cpu, hpa-concurrency, kpa, kpa-300, keda, static',
  '                    (those that the scenario lists, else outrigger)',
  '  --limiter X,Y     who limits the requests of a replica: outrigger, fixed-N, netflix-aimd, netflix-vegas,',
  '                    netflix-gradient2, envoy-p50, envoy-p90, vector-arc, failsafe-go, brpc, aimd-objective,',
  '                    aimd-slow-start, frozen, always-min, always-max, always-double',
  '                    (those that the scenario lists, else outrigger). All but outrigger are played under',
  '                    static; autoscalers of other projects come with what they have instead.',
  "  --seed N          of chance (the scenario's, else 1)",
  '  --repeat N        play with N seeds, from --seed on: the table has means and their spread',
  '  --json            print all runs as a list; with --seconds also what each second was',
  '  --html REPORT     write a page with the time lines, one file that needs no network',
  '',
  "Exit codes: 0 done, 1 something that a scenario expects was missed, or the page can't be written,",
  '2 bad input.',
]

function run<S extends Asked>(args: string[], engine: Engine<S>): number {
  const { files, ...options } = optionsIn(args)
  const { scenarios, errors } = readScenarios(files, engine)
  const plans = plansOf(scenarios, options, { engine, errors })
  if (errors.length > 0) throw new Failure(exit.badInput.code, errors.join('\n'))
  const { played, outcomes } = playAll(plans, engine)
  const missed = outcomes.filter(({ met }) => met === false)
  if (!options.json) console.log(tables(played, outcomes))
  else {
    console.log(JSON.stringify(options.seconds ? played : played.map(withoutSeconds)))
    for (const { scenario, what, seed } of missed)
      process.stderr.write(`${scenario}: missed: ${what} (seed ${seed})\n`)
  }
  if (options.html !== null) {
    const command = ['outrigger simulate', ...args].join(' ')
    const abouts = new Map(scenarios.map(({ name, scenario }) => [name, scenario.about]))
    write(options.html, report(played, { version, command, abouts, outcomes }))
  }
  return missed.length > 0 ? exit.failed.code : exit.fine.code
}

function playAll<S extends Asked>(
  plans: readonly Plan<S>[],
  engine: Engine<S>,
): { played: Played[]; outcomes: Outcome[] } {
  const progress = progressOn(process.stderr, plans.length)
  try {
    const all = plans.map((plan, i) => {
      const { name, scenario, choice } = plan
      const what = `${name}: ${runName(choice)}, seed ${choice.seed}`
      progress.at(i, what)
      const run = engine.play(scenario, choice, share => progress.at(i + share, what))
      return { plan, run: { ...run, scenario: name } }
    })
    return {
      played: all.map(({ run }) => run),
      outcomes: all.flatMap(({ plan, run }) =>
        plan.expect === null ? [] : judged(run, plan.expect),
      ),
    }
  } finally {
    progress.end()
  }
}

function withoutSeconds({ seconds: _, ...rest }: Played): Omit<Played, 'seconds'> {
  return rest
}

function write(file: string, page: string): void {
  try {
    writeFileSync(file, page)
  } catch (error) {
    throw new Failure(exit.failed.code, `${file} can't be written: ${wordsOfError(error)}`)
  }
}
