import { writeFileSync } from 'node:fs'
import { cases, golden, goldenPath } from './cases.ts'

for (const each of cases()) writeFileSync(goldenPath(each), golden(each))
