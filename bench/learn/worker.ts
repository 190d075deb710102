import { parentPort } from 'node:worker_threads'
import { scoreOf, type Score } from '../../simulate/learn/score.ts'
import { attempt, oracleOf, untold, type Oracle } from '../../simulate/learn/trial.ts'
import { us } from '../../simulate/words.ts'
import { plantNamed } from './plants.ts'

/** All trials of one plant, so that its oracle is sought once. */
export interface Task {
  plant: string
  seconds: number
  oracleSeeds: number[]
  trials: Trial[]
}

export interface Trial {
  limiter: string
  told: boolean
  first: number
  seed: number
  /** Times the plant's own. */
  replicas: number
}

export interface Done {
  plant: string
  oracle: Oracle
  scores: { trial: Trial; score: Score; limit: number }[]
}

parentPort?.on('message', (task: Task) => parentPort?.postMessage(run(task)))

function run({ plant, seconds, oracleSeeds, trials }: Task): Done {
  const setting = plantNamed(plant)
  const own = setting.replicas ?? 1
  const sweep = { seconds, replicas: own, seeds: oracleSeeds }
  const oracle = oracleOf(setting, sweep)
  const waits = untold(setting, oracle, sweep)
  const scores = trials.map(trial => {
    const played = attempt({ setting, seconds, ...trial, replicas: own * trial.replicas })
    const { replicas } = trial
    const best = trial.told ? oracle : waits
    const all = {
      ...best,
      good: best.good * replicas,
      each: best.each.map(good => good * replicas),
      rejections: best.rejections * replicas,
    }
    const score = scoreOf(plant, played, all, us(setting.objective))
    return { trial, score, limit: played.seconds.limit.at(-1) ?? 0 }
  })
  return { plant, oracle, scores }
}
