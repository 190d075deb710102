/** Test results as TAP (version 13) tells them. */
export interface Counts {
  passed: number
  failed: number
  skipped: number
}

/**
 * Counts the tests of a tier from all that it printed. Lines other than results are let be. A tier that
 * failed though none of its tests did (a build error, a crash, no time left) counts as one failure, and
 * so does one that ran no test at all.
 */
export function countTap(output: string, exitCode: number): Counts {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const line of output.split('\n')) {
    const match = /^(not )?ok \d+\b(?:.*# (SKIP|[T]ODO)\b)?/i.exec(line)
    if (match === null) continue
    if (match[2] !== undefined) counts.skipped++
    else if (match[1] !== undefined) counts.failed++
    else counts.passed++
  }
  const ran = counts.passed + counts.failed + counts.skipped
  if (counts.failed === 0 && (exitCode !== 0 || ran === 0)) counts.failed = 1
  return counts
}
