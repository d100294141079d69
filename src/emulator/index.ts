/** The only door of the emulator: x86-64 guest code → run until an Exit. */
export {
  AddressSpace,
  GUEST_BASE,
  GUEST_LIMIT,
  WINDOW_BASE,
  WINDOW_END,
  MICRO_CODE_BASE,
  MICRO_CODE_END,
  PERMISSIONS_BASE,
} from './memory/address-space.ts';
export { PAGE, PAGE_SHIFT, PAGE_SIZE, type Protection } from './memory/page-permissions.ts';
export { REG, type Cpu, type CpuPorts, type CpuState } from './cpu.ts';
export {
  chooseEngine,
  describeChoice,
  engineNotice,
  type Engine,
  type EngineChoice,
  type EngineName,
} from './engine.ts';
export { CodeBudget } from './translate/code-budget.ts';
export { CodeStore, type CodeStorePort, type KeptModule } from './translate/code-store.ts';
export { CpuCounters, TIERS, type CpuStatistics, type ExitCause, type Tier } from './statistics.ts';
export { VECTOR, type Access, type Exit, type Fault, type Vector } from './exit.ts';
export { extendHandlerList, offerHandlers } from './translate/prepare-handlers.ts';
export { createCpu, type CpuOptions } from './create-cpu.ts';
export { CPU_LEVELS, cpuDescription, type CpuDescription, type CpuLevel, DEFAULT_CPU_LEVEL } from './x86/cpuid.ts';
