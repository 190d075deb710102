/** Types of the file that the build puts here from the package uplot. */
export { default } from 'uplot'
