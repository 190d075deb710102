import { Slots } from './slots.ts'

/**
 * An ordinary model server without anything before it: a fixed number of workers and a backlog. 2048 is
 * what uvicorn and gunicorn let wait by default (their setting `backlog`). Nobody is sent away for having
 * waited long unless `waitUs` says so: clients give up by themselves. Who has given up before a worker came is
 * not worked on: kinder than a backlog of sockets, which doesn't know.
 */
export function server(workers: number, backlog = 2048, waitUs = Infinity): Slots {
  return new Slots(workers, backlog, waitUs, true)
}
