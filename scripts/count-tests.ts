import { readFileSync } from 'node:fs'
import { countTap } from './tap.ts'

/** `node scripts/count-tests.ts EXIT_CODE < OUTPUT`: prints "PASSED FAILED SKIPPED". */
const { passed, failed, skipped } = countTap(readFileSync(0, 'utf8'), Number(process.argv[2] ?? 0))
console.log(passed, failed, skipped)
