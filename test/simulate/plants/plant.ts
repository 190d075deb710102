import { sentence } from '../../../core/model/schema.ts'
import { makeModel } from '../../../simulate/plants/make.ts'
import type { Model } from '../../../simulate/plants/model.ts'
import { readPlant } from '../../../simulate/plants/spec.ts'
import { Random } from '../../../simulate/random.ts'

/** A replica of a plant, as a scenario file would have it. */
export function replica(raw: unknown, { seed = 1, number = 0 } = {}): Model {
  const checked = readPlant(raw)
  if (!checked.ok) throw new Error(checked.issues.map(sentence).join('\n'))
  return makeModel(checked.value, number, new Random(seed))
}
