/** The only file of the example models that reads the environment. Bad values end the process. */

type Bounds = { or: number; min: number; max: number }

/** A number from the environment, or `or` when the variable is unset or empty. */
export function numberFrom(name: string, { or, min, max }: Bounds): number {
  const text = process.env[name]
  if (text === undefined || text === '') return or
  const value = Number(text)
  if (Number.isFinite(value) && value >= min && value <= max) return value
  return refuse(`${name} must be a number from ${min} to ${max}, got "${text}"`)
}

/** As `numberFrom`, whole numbers only. */
export function integerFrom(name: string, bounds: Bounds): number {
  const value = numberFrom(name, bounds)
  if (Number.isInteger(value)) return value
  return refuse(`${name} must be a whole number, got "${value}"`)
}

/** The port to listen on. 0, the default, lets the kernel choose; the first line printed says it. */
export function port(): number {
  return integerFrom('PORT', { or: 0, min: 0, max: 65_535 })
}

function refuse(message: string): never {
  console.error(message)
  process.exit(2)
}
