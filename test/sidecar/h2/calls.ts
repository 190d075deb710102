import {
  credentials,
  makeGenericClientConstructor,
  Metadata,
  Server,
  ServerCredentials,
  type ChannelOptions,
  type Client,
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js'
import type { ExecutionContext } from 'ava'

/** A service of plain bytes, for a real server and a real client of gRPC. */
const bytes = (value: Buffer): Buffer => value
const method = (path: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/test.Model/${path}`,
  requestStream,
  responseStream,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
})

const service = {
  Unary: method('Unary', false, false),
  Gather: method('Gather', true, false),
  Spread: method('Spread', false, true),
  Talk: method('Talk', true, true),
  Check: { ...method('Check', false, false), path: '/grpc.health.v1.Health/Check' },
} satisfies ServiceDefinition

export interface Calls {
  Unary?: handleUnaryCall<Buffer, Buffer>
  Gather?: handleClientStreamingCall<Buffer, Buffer>
  Spread?: handleServerStreamingCall<Buffer, Buffer>
  Talk?: handleBidiStreamingCall<Buffer, Buffer>
  Check?: handleUnaryCall<Buffer, Buffer>
}

const LARGE = {
  'grpc.max_receive_message_length': 64 << 20,
  'grpc.max_send_message_length': 64 << 20,
}

/** Its address. */
export async function grpcModel(
  t: ExecutionContext,
  calls: Calls,
  port = 0,
): Promise<{ address: string; server: Server }> {
  const server = new Server(LARGE)
  server.addService(service, { ...calls })
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, at) =>
      error === null ? resolve(at) : reject(error),
    )
  })
  t.teardown(() => server.forceShutdown())
  return { address: `127.0.0.1:${bound}`, server }
}

const Stub = makeGenericClientConstructor(service, 'Model')

export function grpcClient(
  t: ExecutionContext,
  address: string,
  options: ChannelOptions = {},
): Client {
  const client = new Stub(address, credentials.createInsecure(), {
    ...LARGE,
    'grpc.use_local_subchannel_pool': 1,
    ...options,
  })
  t.teardown(() => client.close())
  return client
}

export interface Answer {
  error: ServiceError | null
  value: Buffer | undefined
  /** Metadata before the message and behind it. */
  first: Metadata | null
  trailers: Metadata | null
}

export function unary(
  client: Client,
  message: Buffer,
  options: { metadata?: Metadata; deadline?: number; path?: string } = {},
): Promise<Answer> {
  const answer: Answer = { error: null, value: undefined, first: null, trailers: null }
  const { deadline } = options
  return new Promise(resolve => {
    const call = client.makeUnaryRequest(
      options.path ?? path('Unary'),
      bytes,
      bytes,
      message,
      options.metadata ?? new Metadata(),
      deadline === undefined ? {} : { deadline: Date.now() + deadline },
      (error, value) => Object.assign(answer, { error, value }),
    )
    call.on('metadata', metadata => (answer.first = metadata))
    call.on('status', ({ metadata }) => {
      answer.trailers = metadata
      // The call back comes beside it.
      setImmediate(resolve, answer)
    })
  })
}

export const path = (name: keyof typeof service): string => service[name].path
export { bytes }
