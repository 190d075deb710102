/**
 * The one table of inference engines: where their metrics page is, by which names it is known, and how
 * its series become the numbers of a sample. An engine is added here and nowhere else.
 * Sources: vllm/v1/metrics, sglang/srt/metrics/collector.py, tensorrt_llm/metrics/collector.py, Triton's
 * user guide "Metrics", text-generation-inference "Metrics", mlserver/metrics, tools/server of llama.cpp,
 * OpenVINO Model Server "Metrics".
 */
import type { Fold } from '../../core/model/exposition.ts'

export type EngineKind =
  | 'vllm'
  | 'sglang'
  | 'trtllm'
  | 'triton'
  | 'tgi'
  | 'mlserver'
  | 'llamacpp'
  | 'ovms'

/** A name, or a name with one label's value. */
interface Source {
  name: string
  only?: ReadonlyMap<string, string>
}

/** The first source that is there is read. */
interface Signal {
  from: readonly Source[]
  how: Fold
}

export type SignalName =
  | 'running'
  | 'waiting'
  | 'kv'
  | 'preemptions'
  | 'tokensIn'
  | 'tokensOut'
  | 'gpuUtil'
  | 'gpuMemory'
  | 'gpuMemoryLimit'

export interface Engine {
  kind: EngineKind
  /** As people write it. */
  title: string
  /** A page with one of these names is this engine's. */
  marks: readonly string[]
  /** The port of its metrics page where that is not the port that serves requests. */
  metricsPort: number | null
  path: string
  /** Labels that number copies of one quantity, so that summing would count it twice. */
  copies: ReadonlySet<string>
  signals: Partial<Record<SignalName, Signal>>
}

const sum = (...names: string[]): Signal => ({ from: names.map(name => ({ name })), how: 'sum' })
const max = (...names: string[]): Signal => ({ from: names.map(name => ({ name })), how: 'max' })
const mean = (name: string): Signal => ({ from: [{ name }], how: 'mean' })
const where = (name: string, label: string, value: string): Source => ({
  name,
  only: new Map([[label, value]]),
})
/** SGLang splits some gauges by priority and keeps the whole under the empty one. */
const whole = (name: string): Signal => ({ from: [where(name, 'priority', '')], how: 'sum' })
const none: ReadonlySet<string> = new Set()

/** The first engine whose mark is on the page wins: vLLM inside Triton is read as vLLM. */
export const engines: readonly Engine[] = [
  {
    kind: 'vllm',
    title: 'vLLM',
    marks: ['vllm:num_requests_running', 'vllm:num_requests_waiting'],
    metricsPort: null,
    path: '/metrics',
    copies: none,
    signals: {
      running: sum('vllm:num_requests_running'),
      waiting: sum('vllm:num_requests_waiting'),
      // The second name is that of the V0 engine, gone since 0.11.
      kv: max('vllm:kv_cache_usage_perc', 'vllm:gpu_cache_usage_perc'),
      preemptions: sum('vllm:num_preemptions_total'),
      tokensIn: sum('vllm:prompt_tokens_total'),
      tokensOut: sum('vllm:generation_tokens_total'),
    },
  },
  {
    kind: 'sglang',
    title: 'SGLang',
    marks: ['sglang:num_running_reqs', 'sglang:num_queue_reqs', 'sglang:token_usage'],
    metricsPort: null,
    path: '/metrics',
    copies: new Set(['tp_rank', 'pp_rank', 'moe_ep_rank', 'pid']),
    signals: {
      running: whole('sglang:num_running_reqs'),
      waiting: whole('sglang:num_queue_reqs'),
      kv: max('sglang:token_usage'),
      preemptions: sum('sglang:num_retracted_requests_total'),
      tokensIn: sum('sglang:prompt_tokens_total'),
      tokensOut: sum('sglang:generation_tokens_total'),
    },
  },
  {
    kind: 'trtllm',
    title: 'TensorRT-LLM',
    marks: [
      'trtllm_num_requests_running',
      'trtllm_kv_cache_utilization',
      'trtllm_request_success_total',
    ],
    metricsPort: null,
    // /metrics of trtllm-serve is JSON.
    path: '/prometheus/metrics',
    copies: none,
    signals: {
      running: sum('trtllm_num_requests_running'),
      waiting: sum('trtllm_num_requests_waiting'),
      kv: max('trtllm_kv_cache_utilization'),
      tokensIn: sum('trtllm_prompt_tokens_total'),
      tokensOut: sum('trtllm_generation_tokens_total'),
    },
  },
  {
    kind: 'triton',
    title: 'Triton',
    marks: [
      'nv_inference_pending_request_count',
      'nv_inference_request_success',
      'nv_inference_count',
    ],
    metricsPort: 8002,
    path: '/metrics',
    copies: none,
    signals: {
      // Only its TensorRT-LLM backend tells; elsewhere the requests in flight are the sidecar's to count.
      running: {
        from: [where('nv_trt_llm_request_metrics', 'request_type', 'scheduled')],
        how: 'sum',
      },
      waiting: {
        from: [
          where('nv_trt_llm_request_metrics', 'request_type', 'waiting'),
          { name: 'nv_inference_pending_request_count' },
        ],
        how: 'sum',
      },
      kv: {
        from: [where('nv_trt_llm_kv_cache_block_metrics', 'kv_cache_block_type', 'fraction')],
        how: 'max',
      },
      gpuUtil: mean('nv_gpu_utilization'),
      gpuMemory: sum('nv_gpu_memory_used_bytes'),
      gpuMemoryLimit: sum('nv_gpu_memory_total_bytes'),
    },
  },
  {
    kind: 'tgi',
    title: 'Text Generation Inference',
    marks: ['tgi_batch_current_size', 'tgi_queue_size', 'tgi_request_count'],
    metricsPort: 9000,
    path: '/metrics',
    copies: none,
    signals: {
      running: sum('tgi_batch_current_size'),
      waiting: sum('tgi_queue_size'),
      // It counts tokens in histograms only.
      tokensIn: sum('tgi_request_input_length_sum'),
      tokensOut: sum('tgi_request_generated_tokens_sum'),
    },
  },
  {
    kind: 'mlserver',
    title: 'MLServer',
    // The gauge appears with the first request, the others at the start.
    marks: [
      'rest_server_requests_in_progress',
      'model_infer_request_duration',
      'parallel_request_queue',
    ],
    metricsPort: 8082,
    path: '/metrics',
    copies: none,
    signals: { running: sum('rest_server_requests_in_progress') },
  },
  {
    kind: 'llamacpp',
    title: 'llama.cpp server',
    marks: ['llamacpp:requests_processing', 'llamacpp:requests_deferred'],
    metricsPort: null,
    path: '/metrics',
    copies: none,
    signals: {
      running: sum('llamacpp:requests_processing'),
      waiting: sum('llamacpp:requests_deferred'),
      // Gone from newer builds.
      kv: max('llamacpp:kv_cache_usage_ratio'),
      tokensIn: sum('llamacpp:prompt_tokens_total'),
      tokensOut: sum('llamacpp:tokens_predicted_total'),
    },
  },
  {
    kind: 'ovms',
    title: 'OpenVINO Model Server',
    marks: ['ovms_current_requests', 'ovms_current_graphs', 'ovms_requests_success'],
    metricsPort: null,
    path: '/metrics',
    copies: none,
    // Its language models run as graphs and have no requests of their own.
    signals: { running: sum('ovms_current_requests', 'ovms_current_graphs') },
  },
]
