import { writeFileSync } from 'node:fs'
import { manifests, manifestsFile } from './chart.ts'

/** Writes deploy/manifests from deploy/chart. Needs helm. */
writeFileSync(manifestsFile, manifests())
console.log(manifestsFile)
