//! What no single service can show: journeys, access, crashes, the shape of the code.
