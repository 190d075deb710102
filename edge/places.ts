/**
 * The requests that all endpoints of a process may hold, `most` together. Half of the places are shared out evenly,
 * and nobody else takes them; the other half is for whoever comes first. So a surge of one endpoint has more than
 * half of them, and all where it is alone, but leaves each other one its own.
 */
export class Places {
  private readonly most: number
  private readonly all = new Set<Place>()
  /** Of each endpoint alone. */
  private own = 0
  /** Taken of those for all. */
  private taken = 0

  constructor(most: number) {
    this.most = most
  }

  join(): Place {
    const place = new Place(this)
    this.all.add(place)
    this.share()
    return place
  }

  leave(place: Place): void {
    this.all.delete(place)
    this.share()
  }

  moved(from: number, to: number): void {
    this.taken += this.beyond(to) - this.beyond(from)
  }

  /** That an endpoint may hold which holds so many. */
  mostOf(held: number): number {
    const free = this.most - this.own * this.all.size - this.taken
    return this.own + Math.max(0, free + this.beyond(held))
  }

  private beyond(held: number): number {
    return Math.max(0, held - this.own)
  }

  private share(): void {
    this.own = this.all.size === 0 ? 0 : Math.floor(this.most / 2 / this.all.size)
    this.taken = 0
    for (const { held } of this.all) this.taken += this.beyond(held)
  }
}

/** One endpoint's. */
export class Place {
  held = 0
  private readonly places: Places

  constructor(places: Places) {
    this.places = places
  }

  /** Requests that it may hold now. */
  get most(): number {
    return this.places.mostOf(this.held)
  }

  holds(count: number): void {
    if (count === this.held) return
    this.places.moved(this.held, count)
    this.held = count
  }

  leave(): void {
    this.places.leave(this)
  }
}
