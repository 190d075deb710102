import type { Decision, Endpoint } from './model.ts'
import type { Route } from './route.ts'

/** All that the page knows, and what shows it. */
export interface State {
  /** The controller's clock, ms. */
  now: number
  endpoints: Endpoint[]
  /** The controller has said something. */
  told: boolean
  /** Of all endpoints, newest first. */
  decisions: Decision[]
  route: Route
}

export interface View {
  root: HTMLElement
  title: string
  /** Called each second, and when the address changes within the view. */
  update(state: State): void
  close(): void
}
