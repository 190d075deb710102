import { BadRequest, asObject } from '../http.ts'

/** Pixels of one image: 8 rows of 8 values from 0 (white) to 16 (black). */
export const PIXELS = 64
export const MAX_IMAGES = 64
const BLACK = 16

/** Checks {"pixels": [[64 numbers], ...]}, 1 to 64 images. Throws BadRequest. */
export function imagesFrom(body: unknown): number[][] {
  const { pixels } = asObject(body)
  if (!Array.isArray(pixels) || pixels.length < 1 || pixels.length > MAX_IMAGES) {
    throw new BadRequest(`pixels must be an array of 1 to ${MAX_IMAGES} images`)
  }
  pixels.forEach(checkImage)
  return pixels as number[][]
}

function checkImage(image: unknown, at: number): void {
  if (!Array.isArray(image) || image.length !== PIXELS) {
    throw new BadRequest(`pixels[${at}] must be an array of ${PIXELS} numbers`)
  }
  const wrong = image.findIndex(
    value => typeof value !== 'number' || !(value >= 0 && value <= BLACK),
  )
  if (wrong >= 0)
    throw new BadRequest(`pixels[${at}][${wrong}] must be a number from 0 to ${BLACK}`)
}
