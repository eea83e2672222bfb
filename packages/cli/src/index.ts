/**
 * The command line of Holdfast.
 *
 * @since 0.1.0
 */
export * as Arguments from "./Arguments.ts"
export * as Bar from "./Bar.ts"
export * as CliError from "./CliError.ts"
export * as CommandTree from "./CommandTree.ts"
export * as DoctorCheck from "./doctor/Check.ts"
export * as Doctor from "./doctor/Doctor.ts"
export * as ExitCode from "./ExitCode.ts"
export * as ExploredText from "./ExploredText.ts"
export * as Figures from "./Figures.ts"
export * as Logging from "./Logging.ts"
export * as MetricCatalogue from "./MetricCatalogue.ts"
export * as MetricsServer from "./MetricsServer.ts"
export * as Output from "./Output.ts"
export * as ProgressLine from "./ProgressLine.ts"
export * as PrometheusText from "./PrometheusText.ts"
export * as Run from "./Run.ts"
export * as StarterConfig from "./StarterConfig.ts"
export * as StatusScreen from "./StatusScreen.ts"
export * as Stdio from "./Stdio.ts"
export * as Style from "./Style.ts"
export * as Values from "./Values.ts"
