/**
 * A stand-in for TornadoVM's interface, with the same names and signatures as far as {@code
 * dev.ashlar.tornado} uses them. Arrays and mathematics work, so that kernels run as plain Java;
 * nothing that would need a device does. It is on the path where code is compiled and tested, never
 * where it is shipped: there the user's own TornadoVM stands.
 */
module tornado.api {
  exports uk.ac.manchester.tornado.api;
  exports uk.ac.manchester.tornado.api.annotations;
  exports uk.ac.manchester.tornado.api.common;
  exports uk.ac.manchester.tornado.api.enums;
  exports uk.ac.manchester.tornado.api.exceptions;
  exports uk.ac.manchester.tornado.api.math;
  exports uk.ac.manchester.tornado.api.runtime;
  exports uk.ac.manchester.tornado.api.types.arrays;
}
