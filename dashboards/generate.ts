import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { endpoint } from './grafana/endpoint.ts'
import { fleet } from './grafana/fleet.ts'

/** Writes the Grafana dashboards as JSON: `node dashboards/generate.ts`. A test fails when they differ. */
export function dashboards(): Record<string, string> {
  const files = { 'fleet.json': fleet(), 'endpoint.json': endpoint() }
  return Object.fromEntries(
    Object.entries(files).map(([name, board]) => [
      name,
      `${JSON.stringify(board.build(), null, 2)}\n`,
    ]),
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, json] of Object.entries(dashboards())) {
    writeFileSync(new URL(`./grafana/${name}`, import.meta.url), json)
  }
}
