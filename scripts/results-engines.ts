import { head, line } from './tables.ts'

/** What `make bench-engines` has written, as far as it is told here. */
export interface Engines {
  commit: string
  results: Record<
    string,
    {
      learned: number
      sweep: { limit: number; good: number; p95Ms: number }[]
      duel: { best: number; rounds: { learned: number; best: number }[] }
      ratio: number
    }
  >
}

const names: Record<string, string> = {
  mlserver: 'MLServer, scikit-learn digits',
  llamacpp: "llama.cpp's server, a tiny model, four places",
  digits: 'digits of three-models, ONNX',
  agent: 'agent of three-models, 1 s each',
  emulator: 'LLM emulator of three-models',
}

/** The part of docs/results.md about models that are real processes. */
export function enginesResults({ commit, results }: Engines): string {
  const rows = Object.entries(results).map(([name, { learned, sweep, duel, ratio }]) => {
    const ratios = duel.rounds.map(round => round.learned / round.best)
    return line([
      names[name] ?? name,
      String(learned),
      String(duel.best),
      `${ratio.toFixed(3)} (${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)})`,
      [...new Set(sweep.map(({ limit }) => limit))]
        .map(limit =>
          told(
            limit,
            sweep.filter(at => at.limit === limit),
          ),
        )
        .join('; '),
    ])
  })
  return `## And with real processes?

Measured at commit ${commit.slice(0, 10)} by \`make bench-engines ARGS='--learn-seconds 75 --seconds 3 --rounds 4'\`, on two shared cores which model, load and \`outrigger up\`
have to share: each without any setting, one replica, a closed loop of more clients than it carries. First its limit is
learned; then fixed limits are swept, up and down again; at last the learned and the best one take turns. *In turns*: good
answers a second (within the objective that was derived) at the learned limit over those at the best (and the range over the rounds). Without an objective a limit is
learned at which twice as many would give less than a quarter more: it may be lower than the best, for answers that
come sooner. GPUs: [gpu.md](gpu.md).

${head(['Model', 'Learned', 'Best fixed', 'In turns', 'Swept: good answers a second, p95 in ms'])}
${rows.join('\n')}
`
}

function told(limit: number, at: { good: number; p95Ms: number }[]): string {
  const mean = (of: (one: { good: number; p95Ms: number }) => number): string =>
    (at.reduce((sum, one) => sum + of(one), 0) / at.length).toPrecision(3)
  const [good, p95] = [mean(({ good: each }) => each), mean(({ p95Ms }) => p95Ms)]
  return `${limit}: ${Number(good)}, ${Number(p95)}`
}
