/** What the machine offers; start at {@link dev.ashlar.cli.doctor.Examination}. */
package dev.ashlar.cli.doctor;
