import { PIXELS } from './input.ts'

const SIDE = 8

/** Shifts in pixels, right and down. The image itself is one of them. */
const STEPS = [-0.25, 0, 0.25]
const SHIFTS = STEPS.flatMap(down => STEPS.map(right => ({ right, down })))

/** How many views `views` makes of one image. */
export const VIEWS = SHIFTS.length

/**
 * Nine views of each image, shifted by up to a quarter of a pixel each way. The forest was trained on
 * such views (train.py) and its probabilities are averaged over them, which steadies the answer for
 * digits that are a little off centre. Views of one image are neighbours in the result.
 */
export function views(images: readonly (readonly number[])[]): Float32Array {
  const out = new Float32Array(images.length * VIEWS * PIXELS)
  let at = 0
  for (const image of images) {
    for (const { right, down } of SHIFTS) {
      for (let row = 0; row < SIDE; row++) {
        for (let column = 0; column < SIDE; column++) {
          out[at++] = between(image, row - down, column - right)
        }
      }
    }
  }
  return out
}

/** Bilinear interpolation; beyond the edge is white (0). */
function between(image: readonly number[], row: number, column: number): number {
  const top = Math.floor(row)
  const left = Math.floor(column)
  const down = row - top
  const right = column - left
  const upper = (1 - right) * pixel(image, top, left) + right * pixel(image, top, left + 1)
  const lower = (1 - right) * pixel(image, top + 1, left) + right * pixel(image, top + 1, left + 1)
  return (1 - down) * upper + down * lower
}

function pixel(image: readonly number[], row: number, column: number): number {
  if (row < 0 || row >= SIDE || column < 0 || column >= SIDE) return 0
  return image[row * SIDE + column] ?? 0
}
